//! The version of the interface.

/// The interface version this header describes, upper half. It grows when something changes its meaning.
pub const EXO_ABI_MAJOR: u32 = 1;
/// The interface version this header describes, lower half. It grows when something is added.
pub const EXO_ABI_MINOR: u32 = 3;

/// The version of the library, first part.
pub const EXO_VERSION_MAJOR: u32 = 0;
/// The version of the library, second part.
pub const EXO_VERSION_MINOR: u32 = 1;
/// The version of the library, third part.
pub const EXO_VERSION_PATCH: u32 = 0;

/// Gives `EXO_ABI_MAJOR << 16 | EXO_ABI_MINOR` of the library that is loaded. A caller goes on only when the upper
/// half equals the one it was compiled with and the lower half is not below.
#[unsafe(no_mangle)]
pub extern "C" fn exo_abi_version() -> u32 {
    EXO_ABI_MAJOR << 16 | EXO_ABI_MINOR
}
