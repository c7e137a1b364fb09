//! The C ABI through the rlib: misuse of every export, whole rounds against the stand-in tenant, the header, and the
//! same library from C and from .NET.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;
mod asking;
mod batch;
mod dotnet;
mod header;
mod misuse;
mod native;
mod relay;
mod round;
mod smoke;
mod tenant;
