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

/// All that was packed of one storage. One guard for all of it: guards that hold a strong reference would keep each other
/// in use.
struct Entry {
    guard: Box<dyn Guard>,
    packed: HashMap<(usize, Form), Arc<dyn Any + Send + Sync>>,
}

static ENTRIES: LazyLock<Mutex<HashMap<usize, Entry>>> = LazyLock::new(Mutex::default);

/// The packing known as `key`, made by `pack` if there is none.
pub fn packed<P: Send + Sync + 'static>(
    key: Key,
    guard: impl Guard,
    pack: impl FnOnce() -> P,
) -> Arc<P> {
    let entries = || ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    let Key {
        storage,
        offset,
        form,
    } = key;
    if let Some(entry) = entries().get(&storage)
        && entry.guard.in_use()
        && let Some(packed) = entry.packed.get(&(offset, form))
        && let Ok(packed) = Arc::clone(packed).downcast::<P>()
    {
        return packed;
    }
    let packed = Arc::new(pack());
    let mut entries = entries();
    // `guard` itself is a reference, so an entry of the same storage stays.
    entries.retain(|_, entry| entry.guard.in_use());
    let entry = entries.entry(storage).or_insert_with(|| Entry {
        guard: Box::new(guard),
        packed: HashMap::new(),
    });
    entry
        .packed
        .insert((offset, form), Arc::clone(&packed) as _);
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

    struct Strong(Arc<Vec<f32>>);

    impl Guard for Strong {
        fn in_use(&self) -> bool {
            Arc::strong_count(&self.0) > 1
        }
    }

    #[test]
    fn several_forms_of_a_storage_do_not_keep_it() {
        let pack = |source: &Arc<Vec<f32>>, form: Form| {
            let key = Key {
                storage: Arc::as_ptr(source).addr(),
                offset: 0,
                form,
            };
            packed(key, Strong(Arc::clone(source)), || 1_u32)
        };
        let source = Arc::new(vec![1.0_f32]);
        pack(&source, Form::Direct);
        pack(&source, Form::Linear);
        let watch = Arc::downgrade(&source);
        drop(source);
        pack(&Arc::new(vec![2.0]), Form::Direct);
        assert_eq!(watch.strong_count(), 0);
    }
}
