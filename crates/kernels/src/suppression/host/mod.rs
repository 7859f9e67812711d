//! Slice kernels, shared by the CPU backends.
