//! What readers of boxes and masks say about bad files, and what they leave out when asked to.

mod check;
mod coco;
mod folders;
