//! The memory of a runtime: counted, and limited.
//!
//! QuickJS can refuse an allocation by itself, but a script can catch that error, and some code paths of QuickJS (a
//! promise that cannot be settled without memory) end the process. So small allocations beyond the limit are granted
//! from a reserve until the interrupt handler, which no script can catch, ends the run. Large ones are refused at once.

#![expect(unsafe_code, reason = "the allocator's interface is C's")]

use std::{cell::Cell, rc::Rc};

use rquickjs::allocator::{Allocator, RustAllocator};

/// Bytes that are granted beyond the limit, in small pieces, until the run is interrupted.
const RESERVE: usize = 32 * 1024 * 1024;
/// Largest such piece, in bytes.
const SMALL: usize = 16 * 1024;

/// The memory of a runtime.
#[derive(Debug, Default)]
pub(super) struct Heap {
    used: Cell<usize>,
    limit: Cell<Option<usize>>,
    exceeded: Cell<bool>,
}

impl Heap {
    pub(super) fn used(&self) -> usize {
        self.used.get()
    }

    /// Sets the limit in bytes; `None` while the engine itself allocates.
    pub(super) fn set_limit(&self, limit: Option<usize>) {
        self.limit.set(limit);
    }

    /// True once an allocation has exceeded the limit.
    pub(super) fn exceeded(&self) -> bool {
        self.exceeded.get()
    }

    fn admits(&self, size: usize) -> bool {
        let Some(limit) = self.limit.get() else {
            return true;
        };
        let Some(used) = self.used.get().checked_add(size) else {
            self.exceeded.set(true);
            return false;
        };
        if used <= limit {
            return true;
        }
        self.exceeded.set(true);
        size <= SMALL && used <= limit + RESERVE
    }

    fn add(&self, size: usize) {
        self.used.set(self.used.get().saturating_add(size));
    }

    fn remove(&self, size: usize) {
        self.used.set(self.used.get().saturating_sub(size));
    }
}

/// The allocator of a runtime, which counts into a [`Heap`].
pub(super) struct Counting(pub(super) Rc<Heap>);

/// Larger sizes are refused without asking the system: their sum with the allocator's header could overflow.
const ABSURD: usize = isize::MAX as usize / 2;

// SAFETY: every allocation is made, resized and freed by `RustAllocator`, which keeps the contract; this only
// refuses some by a null pointer, as the contract allows.
unsafe impl Allocator for Counting {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if size > ABSURD || !self.0.admits(size) {
            return std::ptr::null_mut();
        }
        let address = RustAllocator.alloc(size);
        self.count(address);
        address
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        match count.checked_mul(size) {
            Some(total) if total <= ABSURD && self.0.admits(total) => {
                let address = RustAllocator.calloc(count, size);
                self.count(address);
                address
            }
            _ => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&mut self, address: *mut u8) {
        // SAFETY: the caller passes an address of this allocator, which is one of `RustAllocator`.
        unsafe {
            self.0.remove(RustAllocator::usable_size(address));
            RustAllocator.dealloc(address);
        }
    }

    unsafe fn realloc(&mut self, address: *mut u8, size: usize) -> *mut u8 {
        // QuickJS passes a null pointer to allocate, and a size of zero to free.
        if address.is_null() {
            return self.alloc(size);
        }
        if size == 0 {
            // SAFETY: as the caller of this function promises.
            unsafe { self.dealloc(address) };
            return std::ptr::null_mut();
        }
        // SAFETY: as the caller of this function promises.
        let before = unsafe { RustAllocator::usable_size(address) };
        if size > ABSURD || (size > before && !self.0.admits(size - before)) {
            return std::ptr::null_mut();
        }
        // SAFETY: as the caller of this function promises; the size is neither zero nor absurd.
        let moved = unsafe { RustAllocator.realloc(address, size) };
        if !moved.is_null() {
            self.0.remove(before);
            self.count(moved);
        }
        moved
    }

    unsafe fn usable_size(address: *mut u8) -> usize {
        // SAFETY: as the caller of this function promises.
        unsafe { RustAllocator::usable_size(address) }
    }
}

impl Counting {
    fn count(&self, address: *mut u8) {
        if !address.is_null() {
            // SAFETY: `RustAllocator` has just returned the address.
            self.0.add(unsafe { RustAllocator::usable_size(address) });
        }
    }
}
