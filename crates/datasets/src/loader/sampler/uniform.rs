//! Every sample once.

use rand::seq::SliceRandom;

use crate::loader::seed::order_rng;

use super::Sampler;

/// Every sample once, in the source's order.
#[derive(Debug, Clone, Copy)]
pub struct Sequential {
    len: usize,
}

impl Sequential {
    /// Over `len` samples.
    pub const fn new(len: usize) -> Self {
        Self { len }
    }
}

impl Sampler for Sequential {
    fn order(&self, _seed: u64, _epoch: u64) -> Vec<usize> {
        (0..self.len).collect()
    }
}

/// Every sample once, in a new order each epoch, every order equally likely.
#[derive(Debug, Clone, Copy)]
pub struct Shuffled {
    len: usize,
}

impl Shuffled {
    /// Over `len` samples.
    pub const fn new(len: usize) -> Self {
        Self { len }
    }
}

impl Sampler for Shuffled {
    fn order(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len).collect();
        order.shuffle(&mut order_rng(seed, epoch));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_has_every_sample_once() {
        let mut order = Shuffled::new(1000).order(3, 5);
        assert_ne!(order, Sequential::new(1000).order(3, 5));
        order.sort_unstable();
        assert_eq!(order, Sequential::new(1000).order(0, 0));
    }

    #[test]
    fn seed_and_epoch_alone_decide_the_order() {
        let sampler = Shuffled::new(100);
        assert_eq!(sampler.order(3, 5), Shuffled::new(100).order(3, 5));
        assert_ne!(sampler.order(3, 5), sampler.order(3, 6));
        assert_ne!(sampler.order(3, 5), sampler.order(4, 5));
    }

    #[test]
    fn nothing_shuffles_to_nothing() {
        assert!(Shuffled::new(0).order(1, 1).is_empty());
    }
}
