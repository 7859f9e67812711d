//! Fields that have no place of their own, kept under the name of their format.
//!
//! `extra` of a record that came from labelme reads `{"labelme": {"flags": …}}`. A writer takes the
//! fields of its own format back and counts all others as lost; a data set that went through two
//! formats keeps the fields of both until then.

use serde_json::Value;

use crate::sample::Extra;

/// The fields of `format`, if any were kept.
pub(crate) fn of<'a>(extra: Option<&'a Extra>, format: &str) -> Option<&'a Extra> {
    extra?.get(format)?.as_object()
}

/// Fields to keep under the name of their format; `None` when there are none.
pub(crate) fn keep(format: &str, fields: Extra) -> Option<Box<Extra>> {
    (!fields.is_empty()).then(|| {
        let mut extra = Extra::new();
        extra.insert(format.to_owned(), Value::Object(fields));
        Box::new(extra)
    })
}

/// How many fields belong to other formats.
pub(crate) fn foreign(extra: Option<&Extra>, format: &str) -> usize {
    extra.map_or(0, |extra| {
        extra
            .iter()
            .filter(|(name, _)| *name != format)
            .map(|(_, value)| value.as_object().map_or(1, Extra::len))
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_return_to_their_format_only() {
        let mut fields = Extra::new();
        fields.insert("pose".into(), "Frontal".into());
        fields.insert("actions".into(), Value::Null);
        let extra = keep("voc", fields.clone());
        assert_eq!(of(extra.as_deref(), "voc"), Some(&fields));
        assert_eq!(of(extra.as_deref(), "coco"), None);
        assert_eq!(foreign(extra.as_deref(), "coco"), 2);
        assert_eq!(foreign(extra.as_deref(), "voc"), 0);
        assert_eq!(keep("voc", Extra::new()), None);
    }
}
