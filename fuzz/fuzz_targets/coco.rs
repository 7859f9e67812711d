//! A COCO document: both modes, and masks that were read must decode.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardrobe_datasets::formats::coco;
use wardrobe_fuzz::parse_in_both_modes;

fuzz_target!(|input: &[u8]| parse_in_both_modes(input, coco::parse));
