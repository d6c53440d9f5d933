//! The attribute `#[harness::test]`.

use proc_macro::TokenStream;

/// Registers a function as a black-box test, under its path in the crate. An asynchronous test gets its own runtime on
/// the test's thread; with `flavor = "multi_thread"`, on as many threads as there are processors.
#[proc_macro_attribute]
pub fn test(flavor: TokenStream, function: TokenStream) -> TokenStream {
    let words = function.clone().into_iter().map(|token| token.to_string());
    let words: Vec<String> = words.collect();
    let Some(keyword) = words.iter().position(|word| word == "fn") else {
        return error("`#[harness::test]` stands before a function");
    };
    let name = &words[keyword + 1];
    let is_async = words[..keyword].iter().any(|word| word == "async");
    let run = match (is_async, flavor.to_string().as_str()) {
        (false, "") => name.clone(),
        (true, "") => format!("|| ::harness::runner::on_one_thread({name}())"),
        (true, "flavor = \"multi_thread\"") => {
            format!("|| ::harness::runner::on_many_threads({name}())")
        }
        _ => {
            return error(
                "`#[harness::test]` knows `flavor = \"multi_thread\"` of async functions",
            );
        }
    };
    let registration = format!(
        "::harness::runner::inventory::submit! {{ \
             ::harness::runner::Test::new(::core::module_path!(), {name:?}, {run}) \
         }}"
    );
    let mut output = function;
    output.extend(parsed(&registration));
    output
}

fn error(message: &str) -> TokenStream {
    parsed(&format!("::core::compile_error!({message:?});"))
}

fn parsed(code: &str) -> TokenStream {
    code.parse()
        .unwrap_or_else(|error| unreachable!("{error}: {code}"))
}
