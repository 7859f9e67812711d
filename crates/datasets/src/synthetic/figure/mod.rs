//! The wearer: proportions and pose, skin, head and shoes.
//!
//! Coordinates are head heights: the crown is at `y = 0`, the chin at 1, the floor near 7.9, the
//! middle of the figure at `x = 0`. *Left* and *right* are the picture's sides unless a name says
//! "person's". The same body without skin is the dress form that flat garments are cut on.

mod body;
mod head;
mod limbs;
mod looks;
mod pose;

pub use body::Body;
pub use head::{draw_back_hair, draw_front_locks, draw_head};
pub use limbs::{draw_arms, draw_legs, draw_torso};
pub use looks::{Footwear, HairStyle, Looks};
pub use pose::{Build, Pose, Side};
