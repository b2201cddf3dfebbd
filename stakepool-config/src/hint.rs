//! The known name that a mistyped one probably means.

/// The nearest of `known`, where it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let most = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&name, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove, replace or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["poolfees", "poollink", "wallethosts", "walletusers"];
        assert_eq!(nearest("polfees", known), Some("poolfees"));
        assert_eq!(nearest("WalletHost", known), Some("wallethosts"));
        assert_eq!(nearest("pooflees", known), Some("poolfees"));
        assert_eq!(nearest("cheese", known), None);
    }

    #[test]
    fn distances_count_single_slips() {
        for (a, b, expected) in [("", "", 0), ("", "abc", 3), ("abc", "acb", 1), ("abc", "abd", 1), ("abc", "bc", 1)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
