//! The library's memory: the system's, of which large pieces ask for large pages.
//!
//! A page of a thousand mailboxes goes through buffers of tens of megabytes that live for some milliseconds. In pages of 4 KB
//! the kernel is entered at the first touch of each, which took a quarter of the processor time of such a page. In pages of
//! 2 MB, which Linux gives where they are asked for, it is entered 512 times less.

use std::alloc::{GlobalAlloc, Layout, System};

#[global_allocator]
static MEMORY: Memory = Memory;

struct Memory;

// SAFETY: everything is what `System` gives and takes; advice changes neither address, size nor content.
unsafe impl GlobalAlloc for Memory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is that of `System`.
        let start = unsafe { System.alloc(layout) };
        advise(start, layout.size());
        start
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is that of `System`.
        let start = unsafe { System.alloc_zeroed(layout) };
        advise(start, layout.size());
        start
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is that of `System`, where `start` is from.
        let start = unsafe { System.realloc(start, layout, new_size) };
        if layout.size() < new_size {
            advise(start, new_size);
        }
        start
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is that of `System`, where `start` is from.
        unsafe { System.dealloc(start, layout) };
    }
}

#[inline]
fn advise(start: *mut u8, len: usize) {
    if LARGE <= len && !start.is_null() {
        large_pages(start, len);
    }
}

/// Asks for large pages where these bytes are. That the kernel has none changes nothing.
#[cfg(all(target_os = "linux", not(miri)))]
#[cold]
fn large_pages(start: *mut u8, len: usize) {
    // SAFETY: it only reads a number of the system.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(0);
    // The first page may hold something else besides, and is no large one then.
    let ahead = start.addr().checked_rem(page).unwrap_or(0);
    // SAFETY: the advice is about pages of which at least a byte is allocated, and does not touch what they hold.
    unsafe { libc::madvise(start.wrapping_sub(ahead).cast(), len + ahead, libc::MADV_HUGEPAGE) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn large_pages(_start: *mut u8, _len: usize) {}

/// From here on a buffer has at least one large page in it, wherever it begins.
const LARGE: usize = 4 << 20;

#[cfg(test)]
#[cfg(all(target_os = "linux", not(miri)))]
mod tests {
    use super::LARGE;

    /// Whether the pages that hold `at` were asked for as large ones.
    fn is_advised(at: *const u8) -> bool {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_here = false;
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let first = words.next().unwrap_or_default();
            if let Some((from, to)) = first.split_once('-') {
                let [from, to] = [from, to].map(|place| usize::from_str_radix(place, 16).unwrap());
                is_here = (from..to).contains(&at.addr());
            } else if is_here && first == "VmFlags:" {
                return words.any(|flag| flag == "hg");
            }
        }
        false
    }

    #[test]
    fn large_buffers_ask_for_large_pages_however_they_came_about() {
        if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
            eprintln!(
                "ignored: large_buffers_ask_for_large_pages_however_they_came_about: the kernel has none"
            );
            return;
        }
        let new = Vec::<u8>::with_capacity(LARGE);
        let zeroed = vec![0_u8; LARGE];
        let mut grown = vec![1_u8; LARGE - 1];
        grown.reserve_exact(LARGE);
        for buffer in [&new, &zeroed, &grown] {
            assert!(is_advised(buffer.as_ptr()));
            assert!(is_advised(buffer.as_ptr().wrapping_add(LARGE - 1)));
        }
        assert!(grown.iter().all(|byte| *byte == 1) && zeroed.iter().all(|byte| *byte == 0));
    }
}
