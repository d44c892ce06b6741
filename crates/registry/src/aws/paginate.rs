//! Pages, fetched until there are no more or enough, and joined as the AWS CLI joins them.

use super::expression::{follow, is_path, place, search, take};
use crate::call::CallError;
use crate::model::service::Paginator;
use serde_json::{Map, Value as Json};
use std::future::Future;

/// The pages of a call, joined.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) result: Json,
    pub(super) truncated: bool,
    pub(super) request_id: Option<String>,
}

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) result: Json,
    pub(super) request_id: Option<String>,
}

/// Whether pages are fetched without being asked: not for a caller who names a page himself.
pub(super) fn applies(paginator: &Paginator, arguments: &Json) -> bool {
    !paginator.result_keys.is_empty()
        && !paginator.input_tokens.is_empty()
        && paginator
            .input_tokens
            .iter()
            .all(|token| arguments.get(token).is_none_or(Json::is_null))
}

/// Fetches pages with `fetch` until there are no more or `limit` items (of the first result key) are there.
///
/// # Errors
/// Whatever `fetch` fails with; what was read before is lost, as it is with the CLI.
pub(super) async fn pages<F, P>(
    paginator: &Paginator,
    arguments: &Json,
    limit: usize,
    mut fetch: F,
) -> Result<Joined, CallError>
where
    F: FnMut(Json) -> P,
    P: Future<Output = Result<Page, CallError>>,
{
    let mut joined = Joined {
        result: Json::Object(Map::new()),
        ..Joined::default()
    };
    let mut asked = arguments.clone();
    let mut previous: Vec<Json> = Vec::new();
    let mut left = limit;
    let mut first = true;
    loop {
        let mut page = fetch(asked.clone()).await?;
        let tokens = next_tokens(paginator, &page.result);
        joined.request_id = page.request_id.take();
        let cut = cut(paginator, &mut page.result, &mut left);
        join(paginator, &mut joined.result, &mut page.result, first);
        first = false;
        let more = tokens.iter().any(|token| !token.is_null());
        if cut || !more {
            joined.truncated = cut;
            return Ok(joined);
        }
        if left == 0 {
            joined.truncated = true;
            return Ok(joined);
        }
        // The CLI fails here; what has been read is worth more, and logs end exactly like this.
        if tokens == previous {
            return Ok(joined);
        }
        if let Some(asked) = asked.as_object_mut() {
            for (name, token) in paginator.input_tokens.iter().zip(&tokens) {
                if token.is_null() {
                    asked.shift_remove(*name);
                } else {
                    asked.insert((*name).to_owned(), token.clone());
                }
            }
        }
        previous = tokens;
    }
}

/// The tokens of the next page, one an input token; all null where this is the last.
fn next_tokens(paginator: &Paginator, page: &Json) -> Vec<Json> {
    let none = || vec![Json::Null; paginator.input_tokens.len()];
    if let Some(more) = paginator.more_results
        && is_falsy(&search(more, page))
    {
        return none();
    }
    let mut tokens: Vec<Json> = paginator
        .output_tokens
        .iter()
        .map(|expression| search(expression, page))
        .map(|token| if is_falsy(&token) { Json::Null } else { token })
        .collect();
    tokens.resize(paginator.input_tokens.len(), Json::Null);
    tokens
}

fn is_falsy(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Shortens the page's first list to what is left of the limit; whether anything fell away.
fn cut(paginator: &Paginator, page: &mut Json, left: &mut usize) -> bool {
    let Some(primary) = paginator.result_keys.first().filter(|key| is_path(key)) else {
        return false;
    };
    if follow(primary, page).flatten().is_none() {
        return false;
    }
    let Json::Array(items) = place(primary, page) else {
        return false;
    };
    let over = items.len() > *left;
    items.truncate(*left);
    *left -= items.len();
    over
}

/// Adds a page: lists are joined, numbers added, texts put together; what is not aggregated stays the first page's.
fn join(paginator: &Paginator, joined: &mut Json, page: &mut Json, first: bool) {
    for key in paginator.result_keys.iter().filter(|key| is_path(key)) {
        let Some(value) = take(key, page) else {
            continue;
        };
        let there = place(key, joined);
        match (there, value) {
            (Json::Array(there), Json::Array(more)) => there.extend(more),
            (there @ Json::Null, value) => *there = value,
            (Json::String(there), Json::String(more)) => there.push_str(&more),
            (there @ Json::Number(_), Json::Number(more)) => {
                if let (Some(one), Some(other)) = (there.as_i64(), more.as_i64()) {
                    *there = one.saturating_add(other).into();
                } else if let (Some(one), Some(other)) = (there.as_f64(), more.as_f64()) {
                    *there = (one + other).into();
                }
            }
            (Json::Object(there), Json::Object(more)) => there.extend(more),
            _ => {}
        }
    }
    if first {
        for key in paginator
            .non_aggregate_keys
            .iter()
            .filter(|key| is_path(key))
        {
            // What is not there becomes null, as the CLI prints it.
            *place(key, joined) = take(key, page).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paginator() -> Paginator {
        Paginator {
            input_tokens: vec!["nextToken"],
            output_tokens: vec!["nextToken"],
            result_keys: vec!["events", "stats.count"],
            non_aggregate_keys: vec!["group", "owner"],
            ..Paginator::default()
        }
    }

    /// Fetches from three pages of two events each; counts how often it was asked.
    async fn fetch(limit: usize) -> (Joined, usize) {
        let asked = std::cell::Cell::new(0);
        let (paginator, arguments) = (paginator(), json!({"a": 1}));
        let joined = pages(&paginator, &arguments, limit, |arguments| {
            asked.set(asked.get() + 1);
            async move {
                let page: usize = arguments["nextToken"]
                    .as_str()
                    .map_or(0, |token| token.parse().expect("a number"));
                assert_eq!(arguments["a"], 1);
                let mut result = json!({
                    "events": [page * 2, page * 2 + 1],
                    "stats": {"count": 2}, "group": page, "ignored": true,
                });
                if page < 2 {
                    result["nextToken"] = (page + 1).to_string().into();
                }
                Ok(Page {
                    result,
                    request_id: Some(page.to_string()),
                })
            }
        });
        let joined = joined.await.expect("pages");
        (joined, asked.get())
    }

    #[tokio::test]
    async fn all_pages_are_joined_without_their_tokens() {
        let (joined, asked) = fetch(100).await;
        assert_eq!(
            joined.result,
            json!({"events": [0, 1, 2, 3, 4, 5], "stats": {"count": 6}, "group": 0, "owner": null})
        );
        assert!(!joined.truncated);
        assert_eq!(asked, 3);
    }

    #[tokio::test]
    async fn a_limit_cuts_and_asks_for_no_page_too_many() {
        let (joined, asked) = fetch(3).await;
        assert_eq!(joined.result["events"], json!([0, 1, 2]));
        assert!(joined.truncated);
        assert_eq!(asked, 2);

        let (joined, asked) = fetch(2).await;
        assert_eq!(joined.result["events"], json!([0, 1]));
        assert!(joined.truncated);
        assert_eq!(asked, 1);

        let (joined, _) = fetch(6).await;
        assert!(!joined.truncated);
    }

    #[test]
    fn a_caller_who_names_a_page_gets_that_page() {
        assert!(applies(&paginator(), &json!({})));
        assert!(!applies(&paginator(), &json!({"nextToken": "x"})));
    }
}
