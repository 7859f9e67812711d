//! The parameter generator gives the same bits in Rust and in Python.

use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::parameters::{boxes, parameter};

#[test]
fn both_languages_generate_the_same_bits() {
    let fixture = Fixture::open("parameters").unwrap();
    let first: usize = fixture.fact("first");
    for (name, shape) in fixture.parameters() {
        let values = parameter(&name, &shape, fixture.draw());
        let ends = [&values[..first], &values[values.len() - first..]].concat();
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&ends), bits(&fixture.floats(&name)), "{name}");
    }
    assert_eq!(boxes("boxes", 32, [200, 264], 4.0), fixture.boxes("boxes"));
}
