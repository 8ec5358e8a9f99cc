//! `scope`: which images, in which namespaces.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::policy::NonEmpty;
use crate::policy::document::field::{Field, Members};
use crate::policy::document::finding::FindingCode;
use crate::policy::scope::{
    ImagePattern, LabelExpression, LabelOperator, LabelSelector, NamePattern, NamespaceScope, Scope,
};

/// Reads a scope. One that says nothing is everywhere.
pub(super) fn scope(field: &Field<'_>) -> Option<Scope> {
    let members = field.object()?;
    let images = patterns(&members, "images", "pattern", ImagePattern::parse);
    let names = patterns(&members, "namespaces", "name", NamePattern::parse);
    let selector = members.optional("namespaceSelector").map_or(Some(None), |field| selector(&field).map(Some));
    members.finish();
    let namespaces = match (names?, selector?) {
        (None, None) => None,
        (names, selector) => Some(NamespaceScope { names, selector }),
    };
    Some(Scope { images: images?, namespaces })
}

/// A list of patterns that is there or not; nothing where it is wrong.
fn patterns<T, E: Display>(
    members: &Members<'_>,
    name: &'static str,
    what: &str,
    parse: fn(&str) -> Result<T, E>,
) -> Option<Option<NonEmpty<T>>> {
    let Some(field) = members.optional(name) else { return Some(None) };
    let elements = field.non_empty_array(what)?;
    let read: Vec<_> = elements.iter().filter_map(|element| tell(element, parse(element.string()?))).collect();
    if read.len() < elements.len() {
        return None;
    }
    NonEmpty::new(read).map(Some)
}

fn tell<T, E: Display>(field: &Field<'_>, result: Result<T, E>) -> Option<T> {
    result.map_err(|error| field.tell(FindingCode::InvalidValue, error.to_string())).ok()
}

fn selector(field: &Field<'_>) -> Option<LabelSelector> {
    let members = field.object()?;
    let labels = members.optional("matchLabels").map_or(Some(BTreeMap::new()), |field| {
        let entries: Vec<_> = field.object()?.entries().collect();
        let read: Vec<_> =
            entries.iter().filter_map(|(key, field)| Some(((*key).to_owned(), field.string()?.to_owned()))).collect();
        (read.len() == entries.len()).then(|| read.into_iter().collect())
    });
    let expressions = members.optional("matchExpressions").map_or(Some(Vec::new()), |field| {
        let elements = field.array()?;
        let read: Vec<_> = elements.iter().filter_map(expression).collect();
        (read.len() == elements.len()).then_some(read)
    });
    members.finish();
    tell(field, LabelSelector::new(labels?, expressions?))
}

#[derive(Clone, Copy)]
enum Operator {
    DoesNotExist,
    Exists,
    In,
    NotIn,
}

fn expression(field: &Field<'_>) -> Option<LabelExpression> {
    let members = field.object()?;
    let key = members.required("key").and_then(|field| Some(field.text()?.to_owned()));
    let operator = members.required("operator").and_then(|field| {
        field.word(&[
            ("In", Operator::In),
            ("NotIn", Operator::NotIn),
            ("Exists", Operator::Exists),
            ("DoesNotExist", Operator::DoesNotExist),
        ])
    });
    let listed = members.optional("values");
    members.finish();
    let values = || {
        let Some(listed) = &listed else {
            field.tell(FindingCode::MissingMember, "member `values` is missing");
            return None;
        };
        let elements = listed.non_empty_array("value")?;
        let read: Vec<_> = elements.iter().filter_map(|element| Some(element.string()?.to_owned())).collect();
        if read.len() < elements.len() { None } else { NonEmpty::new(read) }
    };
    let operator = match operator? {
        Operator::In => LabelOperator::In(values()?),
        Operator::NotIn => LabelOperator::NotIn(values()?),
        bare @ (Operator::Exists | Operator::DoesNotExist) => {
            if let Some(listed) = &listed {
                listed.tell(FindingCode::Exclusive, "`values` belong to `In` and `NotIn`");
                return None;
            }
            if matches!(bare, Operator::Exists) { LabelOperator::Exists } else { LabelOperator::DoesNotExist }
        }
    };
    Some(LabelExpression { key: key?, operator })
}
