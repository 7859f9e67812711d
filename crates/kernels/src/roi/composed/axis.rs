//! Where each RoI reads and with what weight, as tensors.

use tch::{Device, Kind, Tensor};

use crate::roi::RoiAlignOptions;

/// 0, 1, … as floats.
fn ramp(count: i64, device: Device) -> Tensor {
    Tensor::arange(count, (Kind::Float, device))
}

/// Where each RoI reads; every tensor but `rois` is `[K, 1, 1]`.
pub(super) struct Place {
    /// `[K, 5]`, void ones replaced by zeros.
    pub rois: Tensor,
    pub scale: Tensor,
    pub height: Tensor,
    pub width: Tensor,
    /// First row of the image in the table.
    pub base: Tensor,
    /// 1 for a real RoI, 0 for a void one.
    pub real: Tensor,
}

impl Place {
    pub fn of_map(features: &Tensor, rois: &Tensor, scale: f32) -> Self {
        let level_of = Tensor::zeros([rois.size()[0]], (Kind::Int64, rois.device()));
        Self::new(std::slice::from_ref(features), rois, &level_of, &[scale])
    }

    pub fn new(levels: &[Tensor], rois: &Tensor, level_of: &Tensor, scales: &[f32]) -> Self {
        let device = rois.device();
        let images = levels[0].size()[0];
        let level_of = level_of.to_kind(Kind::Int64);
        let image = rois.detach().select(1, 0);
        let finite = rois.detach().isfinite().all_dim(1, false);
        let real = finite
            .logical_and(&image.ge(0.0))
            .logical_and(&image.lt(images as f64))
            .logical_and(&level_of.ge(0))
            .logical_and(&level_of.lt(levels.len() as i64)); // [K]
        let void = real.logical_not();
        let rois = rois.masked_fill(&void.unsqueeze(1), 0.0);
        let level_of = level_of.masked_fill(&void, 0);
        let image = rois.detach().select(1, 0).to_kind(Kind::Int64);

        let of_levels = |values: Vec<i64>| {
            Tensor::from_slice(&values)
                .to_device(device)
                .index_select(0, &level_of)
        };
        let height = of_levels(levels.iter().map(|level| level.size()[2]).collect());
        let width = of_levels(levels.iter().map(|level| level.size()[3]).collect());
        let first = levels.iter().scan(0, |rows, level| {
            let first = *rows;
            *rows += images * level.size()[2] * level.size()[3];
            Some(first)
        });
        let base = of_levels(first.collect()) + image * &height * &width;
        let scale = Tensor::from_slice(scales)
            .to_device(device)
            .index_select(0, &level_of);
        let column = |tensor: Tensor| tensor.reshape([-1, 1, 1]);
        Self {
            rois,
            scale: column(scale),
            height: column(height),
            width: column(width),
            base: column(base),
            real: column(real.to_kind(Kind::Float)),
        }
    }

    /// Of some RoIs.
    pub fn part(&self, first: i64, count: i64) -> Self {
        let part = |tensor: &Tensor| tensor.narrow(0, first, count);
        Self {
            rois: part(&self.rois),
            scale: part(&self.scale),
            height: part(&self.height),
            width: part(&self.width),
            base: part(&self.base),
            real: part(&self.real),
        }
    }

    /// One corner of every RoI in cells `[K, 1, 1]`.
    fn corner(&self, column: i64) -> Tensor {
        self.rois.select(1, column).reshape([-1, 1, 1]) * &self.scale
    }
}

/// What every bin reads along one axis.
pub(super) struct Axis {
    /// Cells `[K, P, S, T]`.
    pub cell: Tensor,
    /// Their weights `[K, P, S, T]`.
    pub weight: Tensor,
    /// Whether the bin has this sample `[K, P, S]`.
    pub present: Tensor,
    /// Samples per bin `[K, 1, 1]`, at least one.
    pub count: Tensor,
}

impl Axis {
    /// Bilinear samples: T = 2.
    pub fn align(
        place: &Place,
        low: i64,
        high: i64,
        cells: &Tensor,
        bins: usize,
        options: &RoiAlignOptions,
    ) -> Self {
        let device = cells.device();
        let offset = if options.aligned { 0.5 } else { 0.0 };
        let start = place.corner(low) - offset;
        let mut length = (place.corner(high) - offset) - &start;
        if !options.aligned {
            length = length.clamp_min(1.0);
        }
        let bin = length / bins as f64; // [K, 1, 1]
        let (grid, most) = match options.sampling_ratio {
            0 => {
                let grid = bin.ceil().clamp_min(0.0);
                let most = grid.max().double_value(&[]) as i64;
                (grid, most.max(1))
            }
            fixed => (bin.ones_like() * fixed as f64, fixed as i64),
        };
        let count = grid.clamp_min(1.0);
        let index = ramp(bins as i64, device).reshape([1, -1, 1]);
        let sample = ramp(most, device).reshape([1, 1, -1]);
        let at = start + index * &bin + (&sample + 0.5) * &bin / &count; // [K, P, S]
        let last = cells.to_kind(Kind::Float) - 1.0;
        let inside = at.ge(-1.0).logical_and(&at.le_tensor(&(&last + 1.0)));
        let at = at.clamp_min(0.0).minimum(&last);
        let low_cell = at.floor();
        let high_cell = (&low_cell + 1.0).minimum(&last);
        let high_weight = &at - &low_cell;
        let low_weight = 1.0 - &high_weight;
        let present = sample.lt_tensor(&grid).expand_as(&at);
        let used = inside
            .logical_and(&present)
            .to_kind(Kind::Float)
            .unsqueeze(3);
        Self {
            cell: Tensor::stack(&[low_cell, high_cell], 3).to_kind(Kind::Int64),
            weight: Tensor::stack(&[low_weight, high_weight], 3) * used,
            present,
            count,
        }
    }

    /// Whole cells: one tap of weight 1 per sample.
    pub fn quantised(place: &Place, low: i64, high: i64, cells: &Tensor, bins: usize) -> Self {
        let device = cells.device();
        // Halves round away from zero: sign(v) · ⌊|v| + ½⌋.
        let round = |value: Tensor| value.sign() * (value.abs() + 0.5).floor();
        let start = round(place.corner(low).detach());
        let end = round(place.corner(high).detach());
        let bin = (end - &start + 1.0).clamp_min(1.0) / bins as f64; // [K, 1, 1]
        let index = ramp(bins as i64, device).reshape([1, -1, 1]);
        let size = cells.to_kind(Kind::Float);
        let clip = |cell: Tensor| cell.clamp_min(0.0).minimum(&size);
        let first = clip((&index * &bin).floor() + &start); // [K, P, 1]
        let end = clip(((index + 1.0) * bin).ceil() + start);
        let most = ((&end - &first).max().double_value(&[]) as i64).max(1);
        let cell = &first + ramp(most, device).reshape([1, 1, -1]); // [K, P, S]
        let present = cell.lt_tensor(&end);
        let cell = cell
            .minimum(&(size - 1.0))
            .to_kind(Kind::Int64)
            .unsqueeze(3);
        Self {
            weight: cell.ones_like().to_kind(Kind::Float),
            cell,
            count: place.real.ones_like(),
            present,
        }
    }

    /// The exact mean of each cell's hat over the bin: one sample with a tap per cell touched.
    pub fn precise(place: &Place, low: i64, high: i64, cells: &Tensor, bins: usize) -> Self {
        let device = cells.device();
        // In f64, because the difference of two integrals cancels for small bins.
        let corner = |column: i64| place.corner(column).to_kind(Kind::Double);
        let start = corner(low);
        let length = corner(high) - &start;
        let flat = length.le(0.0);
        let length = length.masked_fill(&flat, 1.0);
        let index = ramp(bins as i64, device).reshape([1, -1, 1]);
        let low = &start + &length * &index / bins as f64; // [K, P, 1]
        let high = start + &length * (index + 1.0) / bins as f64;
        let last = cells.to_kind(Kind::Double) - 1.0;
        let first = (low.detach() - 1.0).ceil().clamp_min(0.0).minimum(&last);
        let end = (high.detach() + 1.0).floor().clamp_min(0.0).minimum(&last);
        let most = (&end - &first).max().double_value(&[]) as i64 + 1;
        let cell = first + ramp(most, device).reshape([1, 1, -1]); // [K, P, T]
        let unused = cell.gt_tensor(&end).logical_or(&flat);
        let mean =
            (hat_integral(&(&high - &cell)) - hat_integral(&(&low - &cell))) / (&high - &low);
        let cell = cell.minimum(&last).to_kind(Kind::Int64);
        let [rois, bins, _] = [0, 1, 2].map(|axis| cell.size()[axis]);
        Self {
            weight: mean
                .masked_fill(&unused, 0.0)
                .to_kind(Kind::Float)
                .unsqueeze(2),
            cell: cell.unsqueeze(2),
            present: Tensor::ones([rois, bins, 1], (Kind::Bool, device)),
            count: place.real.ones_like(),
        }
    }

    /// Of some RoIs.
    pub fn part(&self, first: i64, count: i64) -> Self {
        let part = |tensor: &Tensor| tensor.narrow(0, first, count);
        Self {
            cell: part(&self.cell),
            weight: part(&self.weight),
            present: part(&self.present),
            count: part(&self.count),
        }
    }

    pub fn size<const D: usize>(&self) -> [i64; D] {
        let size = self.cell.size();
        std::array::from_fn(|axis| size[axis])
    }
}

/// ∫ max(0, 1 − |t|) from −∞ to `s`.
fn hat_integral(s: &Tensor) -> Tensor {
    // Each half on its own side: at 0 a gradient passes through one of them, not both.
    let rising = (s + 1.0).clamp_min(0.0).square() / 2.0;
    let falling = (s.neg() + 1.0).clamp_min(0.0).square() / -2.0 + 1.0;
    rising.where_self(&s.le(0.0), &falling)
}
