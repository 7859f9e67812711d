//! Home of the benches: `benches/` (criterion), `src/bin/measure.rs` and `peers/` (the same work in Python peers).
