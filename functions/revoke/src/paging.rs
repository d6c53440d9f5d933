//! The part of a list that a request asks for, in [Auth0's two ways]: by page number, or from a checkpoint on.
//!
//! [Auth0's two ways]: https://auth0.com/docs/api/management/v2/introduction#pagination

use std::iter;

use ratchet_domain::{
    denial::Denial,
    error::{Error, Failure},
};
use ratchet_protocol::params::Params;
use ratchet_store::Part;
use serde::Serialize;
use serde_json::{Map, Value};

/// Maximum number of store reads for one answer. Each reads one page, and most of its items may be unwanted.
const MOST_READS: usize = 10;
/// Auth0's default page size.
const DEFAULT: usize = 50;
/// Largest page from a checkpoint.
const MOST_TAKEN: usize = 100;

/// `page`, `per_page` and `include_totals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    page: usize,
    per_page: usize,
    include_totals: bool,
}

impl Paging {
    /// Reads the query. `too_many` is the endpoint's error for a `per_page` outside 1 to `most`.
    pub(crate) fn parse(
        params: &Params,
        most: usize,
        too_many: &'static str,
    ) -> Result<Self, Denial> {
        let number = |name, default| match params.text(name)? {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Denial::Query("page and per_page must be numbers")),
        };
        let per_page = number("per_page", DEFAULT)?;
        if !(1..=most).contains(&per_page) {
            return Err(Denial::Query(too_many));
        }
        Ok(Self {
            page: number("page", 0)?,
            per_page,
            include_totals: params.text("include_totals")? == Some("true"),
        })
    }

    /// One page of a list: a bare array, or with `include_totals` an object with the array under `name`.
    pub(crate) fn of<T: Serialize>(self, all: Vec<T>, name: &str) -> Result<Value, Failure> {
        let total = all.len();
        let start = self.page.saturating_mul(self.per_page);
        let page: Vec<T> = all.into_iter().skip(start).take(self.per_page).collect();
        let page = to_value(&page)?;
        if !self.include_totals {
            return Ok(page);
        }
        let mut object = Map::new();
        for (name, number) in [("start", start), ("limit", self.per_page), ("total", total)] {
            object.insert(name.to_owned(), Value::from(number));
        }
        object.insert(name.to_owned(), page);
        Ok(Value::Object(object))
    }
}

/// `from` and `take`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint<'a> {
    /// Last id of the previous page; `None` for the first page.
    pub(crate) from: Option<&'a str>,
    /// Maximum number of items.
    pub(crate) take: usize,
}

impl<'a> Checkpoint<'a> {
    /// The error for a `from` that is not a cursor of this list.
    pub(crate) const NO_CURSOR: Denial = Denial::Query("from is no cursor of this list");

    pub(crate) fn parse(params: &'a Params) -> Result<Self, Denial> {
        let take = match params.text("take")? {
            None => DEFAULT,
            Some(text) => text
                .parse()
                .map_err(|_| Denial::Query("take must be a number"))?,
        };
        if !(1..=MOST_TAKEN).contains(&take) {
            return Err(Denial::Query("take must be between 1 and 100"));
        }
        let from = params.text("from")?;
        Ok(Self { from, take })
    }
}

/// `fields` and `include_fields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    names: Option<Vec<String>>,
    included: bool,
}

impl Fields {
    pub(crate) fn parse(params: &Params) -> Result<Self, Denial> {
        let names = params.text("fields")?.filter(|names| !names.is_empty());
        let names = names.map(|names| {
            let names = names.split(',').map(|name| name.trim().to_owned());
            names.collect()
        });
        Ok(Self {
            names,
            included: params.text("include_fields")? != Some("false"),
        })
    }

    /// An object, reduced to the requested fields.
    pub(crate) fn of(&self, shown: &impl Serialize) -> Result<Value, Failure> {
        let mut shown = to_value(shown)?;
        if let (Some(names), Value::Object(object)) = (&self.names, &mut shown) {
            object.retain(|name, _| names.contains(name) == self.included);
        }
        Ok(shown)
    }
}

/// A list that is stored in the order of its ids.
pub(crate) trait Listing: Sync {
    /// Item of the list.
    type Item: Send;
    /// Id of an item, for cursors.
    type Id: Send;

    /// Reads up to `limit` items after `after`.
    fn read(
        &self,
        after: Option<Self::Id>,
        limit: usize,
    ) -> impl Future<Output = Result<Part<Self::Item, Self::Id>, Error>> + Send;

    /// True if the request asks for this item.
    fn wants(&self, item: &Self::Item) -> bool;

    /// Id of an item.
    fn id(item: &Self::Item) -> Self::Id;
}

/// Reads a list from a checkpoint until it has the requested number of wanted items and one more, which proves that
/// there is another page. Also returns the id to continue from, if there may be more items. The first read has the
/// requested size. Later reads have the largest size, because most items of the first one were unwanted. A page is
/// therefore short or empty only after more than 900 unwanted items.
pub(crate) async fn gather<L: Listing>(
    list: &L,
    take: usize,
    from: Option<L::Id>,
) -> Result<(Vec<L::Item>, Option<L::Id>), Error> {
    let mut found = Vec::new();
    let mut after = from;
    let limits = iter::once(take).chain(iter::repeat(MOST_TAKEN));
    for limit in limits.take(MOST_READS) {
        let part = list.read(after, limit + 1).await?;
        after = part.next;
        found.extend(part.items.into_iter().filter(|item| list.wants(item)));
        if found.len() > take {
            found.truncate(take);
            let next = found.last().map(L::id);
            return Ok((found, next));
        }
        if after.is_none() {
            break;
        }
    }
    Ok((found, after))
}

fn to_value(shown: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(shown).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;

    fn params(query: &str) -> Params {
        Params::parse_form(query.as_bytes()).unwrap()
    }

    fn paging(query: &str) -> Result<Paging, Denial> {
        Paging::parse(&params(query), 100, "too many")
    }

    #[test]
    fn a_page_is_fifty_long_and_at_most_what_the_endpoint_takes() {
        let page = |page, per_page, include_totals| {
            Ok(Paging {
                page,
                per_page,
                include_totals,
            })
        };
        assert_eq!(paging(""), page(0, 50, false));
        assert_eq!(
            paging("page=2&per_page=100&include_totals=true"),
            page(2, 100, true)
        );
        for wrong in ["per_page=0", "per_page=101", "page=-1", "page=x"] {
            assert!(matches!(paging(wrong), Err(Denial::Query(_))), "{wrong}");
        }
    }

    #[test]
    fn a_page_beyond_the_end_is_empty() {
        let all = || vec![1, 2, 3];
        let shown = |query| paging(query).unwrap().of(all(), "numbers").unwrap();
        assert_eq!(shown("per_page=2&page=1"), json!([3]));
        assert_eq!(shown("page=18446744073709551615"), json!([]));
        let totals = json!({ "start": 0, "limit": 2, "total": 3, "numbers": [1, 2] });
        assert_eq!(shown("per_page=2&include_totals=true"), totals);
    }

    /// Numbers up to `last`. The even ones from `wanted_from` on are wanted.
    struct Numbers {
        last: usize,
        wanted_from: usize,
        reads: AtomicUsize,
    }

    impl Listing for Numbers {
        type Item = usize;
        type Id = usize;

        async fn read(
            &self,
            after: Option<usize>,
            limit: usize,
        ) -> Result<Part<usize, usize>, Error> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let first = after.map_or(0, |after| after + 1);
            let end = (first + limit).min(self.last + 1);
            Ok(Part {
                items: (first..end).collect(),
                next: (end <= self.last).then_some(end - 1),
            })
        }

        fn wants(&self, number: &usize) -> bool {
            *number >= self.wanted_from && number.is_multiple_of(2)
        }

        fn id(number: &usize) -> usize {
            *number
        }
    }

    fn gathered(
        numbers: &Numbers,
        take: usize,
        from: Option<usize>,
    ) -> (Vec<usize>, Option<usize>) {
        gather(numbers, take, from).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn pages_are_full_and_say_whether_there_is_another() {
        let numbers = Numbers {
            last: 10,
            wanted_from: 0,
            reads: AtomicUsize::default(),
        };
        assert_eq!(gathered(&numbers, 2, None), (vec![0, 2], Some(2)));
        assert_eq!(gathered(&numbers, 2, Some(2)), (vec![4, 6], Some(6)));
        assert_eq!(gathered(&numbers, 2, Some(6)), (vec![8, 10], None));
        assert_eq!(gathered(&numbers, 6, None), (vec![0, 2, 4, 6, 8, 10], None));
    }

    #[test]
    fn one_answer_costs_so_many_reads_at_most() {
        let numbers = Numbers {
            last: 10_000,
            wanted_from: usize::MAX,
            reads: AtomicUsize::default(),
        };
        let (found, next) = gathered(&numbers, 9, None);
        assert_eq!(numbers.reads.into_inner(), MOST_READS);
        let read = 10 + (MOST_READS - 1) * (MOST_TAKEN + 1);
        assert_eq!((found, next), (vec![], Some(read - 1)));
    }

    #[test]
    fn a_small_page_reads_past_many_items_that_do_not_match() {
        let numbers = Numbers {
            last: 1_000,
            wanted_from: 800,
            reads: AtomicUsize::default(),
        };
        assert_eq!(gathered(&numbers, 1, None), (vec![800], Some(800)));
        assert!(numbers.reads.into_inner() <= MOST_READS);
    }

    #[test]
    fn fields_are_included_or_left_out() {
        let of = |query| Fields::parse(&params(query)).unwrap();
        let shown = json!({ "a": 1, "b": 2 });
        assert_eq!(of("").of(&shown).unwrap(), shown);
        assert_eq!(of("fields=").of(&shown).unwrap(), shown);
        assert_eq!(of("fields=a, c").of(&shown).unwrap(), json!({ "a": 1 }));
        let without = of("fields=a&include_fields=false");
        assert_eq!(without.of(&shown).unwrap(), json!({ "b": 2 }));
    }
}
