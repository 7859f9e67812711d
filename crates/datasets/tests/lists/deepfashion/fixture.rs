//! Seven small lists that say everything once.

use wardrobe_datasets::formats::deepfashion::{List, Lists, ReadLists, read_lists};
use wardrobe_datasets::formats::{FormatError, Mode};

pub const CATEGORIES: &str = "\
3
category_name  category_type
Tee            1
Button-Down 1
Jeans\t\t2
";

pub const PICTURES: &str = "\
3
image_name  category_label
img/Striped_Tee/img_00000001.jpg                       1
img/Striped_Tee/img_00000002.jpg                       2
img/Blue_Jeans/img_00000001.jpg                        3
";

pub const ATTRIBUTES: &str = "\
4
attribute_name  attribute_type
a-line                         3
abstract chevron print         1
classic collarless 4
abstract                       1
";

pub const ATTRIBUTES_OF_PICTURES: &str = "\
3
image_name  attribute_labels
img/Striped_Tee/img_00000001.jpg    -1  1  0 -1
img/Striped_Tee/img_00000002.jpg     1 -1 -1  1
img/Blue_Jeans/img_00000001.jpg      0  0  0  1
";

pub const BOXES: &str = "\
3
image_name  x_1 y_1 x_2 y_2
img/Striped_Tee/img_00000001.jpg    072 079 232 273
img/Striped_Tee/img_00000002.jpg    008 010 100 099
img/Blue_Jeans/img_00000001.jpg     001 002 003 004
";

pub const LANDMARKS: &str = "\
3
image_name  clothes_type  landmark_visibility_1 landmark_location_x_1 landmark_location_y_1
img/Striped_Tee/img_00000001.jpg 1  0 146 102  0 173 095  1 001 002  0 200 150  2 000 000  0 190 260
img/Striped_Tee/img_00000002.jpg 3  0 1 2 0 3 4 0 5 6 0 7 8 0 9 10 0 11 12 0 13 14 0 15 16
img/Blue_Jeans/img_00000001.jpg  2  0 10 20 0 30 20 1 10 90 2 0 0
";

pub const PARTITION: &str = "\
3
image_name  evaluation_status
img/Striped_Tee/img_00000001.jpg    train
img/Striped_Tee/img_00000002.jpg    val
img/Blue_Jeans/img_00000001.jpg     test
";

pub fn lists() -> Lists<'static> {
    Lists::default()
        .with(List::Categories, CATEGORIES.as_bytes())
        .with(List::CategoryOfPicture, PICTURES.as_bytes())
        .with(List::Attributes, ATTRIBUTES.as_bytes())
        .with(List::AttributesOfPicture, ATTRIBUTES_OF_PICTURES.as_bytes())
        .with(List::Boxes, BOXES.as_bytes())
        .with(List::Landmarks, LANDMARKS.as_bytes())
        .with(List::Partition, PARTITION.as_bytes())
}

pub fn strict(lists: Lists<'_>) -> Result<ReadLists, FormatError> {
    read_lists(lists, Mode::Strict)
}

/// The strict message, which is also the lenient reader's first finding; and what the lenient
/// reader gives.
pub fn bad(list: List, text: &str) -> (String, ReadLists) {
    let message = strict(lists().with(list, text.as_bytes()))
        .unwrap_err()
        .to_string();
    let lenient = read_lists(lists().with(list, text.as_bytes()), Mode::Lenient).unwrap();
    assert_eq!(lenient.loaded.skipped.first()[0].to_string(), message);
    (message, lenient)
}
