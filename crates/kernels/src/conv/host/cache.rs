//! Packed weights, kept for as long as the tensor they were packed from.
//!
//! An entry holds a [`Guard`] of the tensor's storage: something that says whether the storage is
//! still in use, and that keeps it from being written in place meanwhile. A changed weight is thus
//! a new storage, packed anew; entries of storages no longer in use are swept out whenever one is
//! added.

use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use crate::conv::ConvOptions;

/// What an entry holds of the storage it was packed from.
pub trait Guard: Send + 'static {
    /// Whether a tensor still refers to the storage.
    fn in_use(&self) -> bool;
}

/// Reference-counted bytes: copy-on-write never writes into storage that somebody still refers to,
/// weakly included.
impl<S: Send + Sync + 'static> Guard for Weak<S> {
    fn in_use(&self) -> bool {
        self.strong_count() > 0
    }
}

/// The forms a weight may be packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// For [`super::winograd`].
    Winograd,
    /// For [`super::direct`].
    Direct,
    /// A linear layer's, for [`super::direct`].
    Linear,
    /// For [`super::input_gradient`] of a convolution of this geometry.
    Transposed(ConvOptions),
}

/// What identifies a packing: the storage, where in it the tensor starts, and which of several
/// forms was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Address of the storage's reference count, which no other storage has while it is in use.
    pub storage: usize,
    /// First element.
    pub offset: usize,
    /// The form.
    pub form: Form,
}

struct Entry {
    guard: Box<dyn Guard>,
    packed: Arc<dyn Any + Send + Sync>,
}

static ENTRIES: LazyLock<Mutex<HashMap<Key, Entry>>> = LazyLock::new(Mutex::default);

/// The packing known as `key`, made by `pack` if there is none.
pub fn packed<P: Send + Sync + 'static>(
    key: Key,
    guard: impl Guard,
    pack: impl FnOnce() -> P,
) -> Arc<P> {
    let entries = || ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = entries().get(&key)
        && entry.guard.in_use()
        && let Ok(packed) = Arc::clone(&entry.packed).downcast::<P>()
    {
        return packed;
    }
    let packed = Arc::new(pack());
    let mut entries = entries();
    entries.retain(|_, entry| entry.guard.in_use());
    let entry = Entry {
        guard: Box::new(guard),
        packed: Arc::clone(&packed) as _,
    };
    entries.insert(key, entry);
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(source: &Arc<Vec<f32>>, form: Form, pack: impl FnOnce() -> u32) -> u32 {
        let key = Key {
            storage: Arc::as_ptr(source).addr(),
            offset: 0,
            form,
        };
        *packed(key, Arc::downgrade(source), pack)
    }

    #[test]
    fn packs_once_per_storage_and_forgets_with_it() {
        let mut source = Arc::new(vec![1.0_f32, 2.0]);
        assert_eq!(cached(&source, Form::Direct, || 7), 7);
        assert_eq!(cached(&source, Form::Direct, || unreachable!()), 7);
        // Another form is another packing.
        assert_eq!(cached(&source, Form::Linear, || 9), 9);
        // Writing through the only strong reference moves the values to a new storage.
        Arc::make_mut(&mut source)[0] = 3.0;
        assert_eq!(cached(&source, Form::Direct, || 10), 10);
    }
}
