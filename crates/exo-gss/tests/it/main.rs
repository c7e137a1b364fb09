//! The system's library against itself, in a throw-away realm.
#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]

mod conversation;
mod credentials;
mod realm;
