//! Slice kernels of the convolution blocks, channels-last, parallel over rayon.
