//! The family in plain tensor operations: the oracle of the tests.
