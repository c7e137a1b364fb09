//! The system's library against itself, in a throw-away realm.

mod conversation;
mod credentials;
mod realm;
