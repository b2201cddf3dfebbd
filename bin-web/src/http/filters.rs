//! What routes take from a request.

use std::convert::Infallible;

use stakepool::accounts::ClientAddress;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::path::FullPath;

/// The query as it lies in the address, or nothing.
pub fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// The client's address, as the server found it.
pub fn client() -> impl Filter<Extract = (ClientAddress,), Error = Infallible> + Copy {
    warp::ext::optional::<ClientAddress>().map(|client: Option<ClientAddress>| client.unwrap_or(ClientAddress::LOCAL))
}

/// The path without what comes after it, for the navigation.
pub fn path() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::path::full().map(|path: FullPath| path.as_str().to_owned())
}

/// Takes exactly this path.
pub fn at(path: &'static str) -> BoxedFilter<()> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let all = segments.fold(warp::any().boxed(), |before, segment| before.and(warp::path(segment)).boxed());
    all.and(warp::path::end()).boxed()
}
