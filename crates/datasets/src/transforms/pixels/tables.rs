//! One table of 256 values a channel.

/// For each channel of the result, the channel it is read from and what each value becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTables {
    from: [usize; 3],
    values: Box<[[u8; 256]; 3]>,
}

impl ChannelTables {
    /// The same table for all channels. A value is cut to 0–255, then to a whole number, as NumPy's
    /// and Pillow's conversions to bytes do; computed in f32 as theirs.
    pub fn of_value(table: impl Fn(f32) -> f32) -> Self {
        Self::of_channels(|_, value| table(value))
    }

    /// A table for each channel.
    pub fn of_channels(table: impl Fn(usize, f32) -> f32) -> Self {
        let one = |channel| std::array::from_fn(|value| table(channel, value as f32) as u8);
        Self {
            from: [0, 1, 2],
            values: Box::new(std::array::from_fn(one)),
        }
    }

    /// Channel `k` of the result is channel `from[k]`; other numbers than 0–2 count from 2.
    pub fn permutation(from: [usize; 3]) -> Self {
        Self {
            from: from.map(|channel| channel.min(2)),
            values: Box::new([std::array::from_fn(|value| value as u8); 3]),
        }
    }

    /// Does `next` after this, in one table.
    pub fn append(&mut self, next: &Self) {
        let values = std::array::from_fn(|channel| {
            let first = &self.values[next.from[channel]];
            first.map(|value| next.values[channel][usize::from(value)])
        });
        self.from = next.from.map(|channel| self.from[channel]);
        *self.values = values;
    }

    /// Looks every value of RGB pixels up.
    pub fn apply(&self, pixels: &mut [u8]) {
        let [red, green, blue] = &*self.values;
        let [from_red, from_green, from_blue] = self.from;
        if self.from == [0, 1, 2] {
            for pixel in pixels.as_chunks_mut::<3>().0 {
                *pixel = [
                    red[usize::from(pixel[0])],
                    green[usize::from(pixel[1])],
                    blue[usize::from(pixel[2])],
                ];
            }
        } else {
            for pixel in pixels.as_chunks_mut::<3>().0 {
                *pixel = [
                    red[usize::from(pixel[from_red])],
                    green[usize::from(pixel[from_green])],
                    blue[usize::from(pixel[from_blue])],
                ];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tables_in_one_do_what_they_do_in_turn() {
        let steps = [
            ChannelTables::of_value(|value| value * 1.7 - 20.0),
            ChannelTables::permutation([2, 0, 1]),
            ChannelTables::of_channels(|channel, value| value * 0.6 + 10.0 * channel as f32),
            ChannelTables::permutation([1, 0, 2]),
            ChannelTables::of_value(|value| 255.0 - value),
        ];
        let pixels: Vec<u8> = (0..3 * 256_usize)
            .map(|i| (i * 89 + i / 256) as u8)
            .collect();
        let mut in_turn = pixels.clone();
        for step in &steps {
            step.apply(&mut in_turn);
        }
        let [first, rest @ ..] = &steps;
        let mut fused = first.clone();
        for step in rest {
            fused.append(step);
        }
        let mut at_once = pixels;
        fused.apply(&mut at_once);
        assert_eq!(at_once, in_turn);
    }

    #[test]
    fn values_are_cut_and_truncated() {
        let table = ChannelTables::of_value(|value| value * 1.5 - 0.1);
        let mut pixels = [1, 2, 200];
        table.apply(&mut pixels);
        // 1.4, 2.9 and 299.9.
        assert_eq!(pixels, [1, 2, 255]);
        let mut pixels = [10, 20, 30];
        ChannelTables::permutation([1, 2, 0]).apply(&mut pixels);
        assert_eq!(pixels, [20, 30, 10]);
    }
}
