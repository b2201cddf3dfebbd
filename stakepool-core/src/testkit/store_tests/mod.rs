//! The tests that every store must pass: [`store_tests!`](crate::store_tests) makes them for one's own.

mod cases;
mod fixture;

pub use fixture::{Fixture, Stores};

/// Makes a test of every case for the stores of a [`Fixture`]. Each case gets an empty database of its own.
///
/// ```
/// use stakepool_core::testkit::MemoryStore;
/// use stakepool_core::testkit::store_tests::Fixture;
///
/// /// One's own store would open a file or connect to a server.
/// struct InMemory(MemoryStore);
///
/// impl Fixture for InMemory {
///     type Stores = MemoryStore;
///
///     async fn empty() -> Self {
///         Self(MemoryStore::default())
///     }
///
///     async fn open(&self) -> MemoryStore {
///         self.0.clone()
///     }
///
///     async fn close(&self, _: MemoryStore) {}
/// }
///
/// stakepool_core::store_tests!(InMemory);
/// ```
///
/// Where the store needs a server, `store_tests!(OnServer, ignore = "needs a server")` has its tests ignored by default.
#[macro_export]
macro_rules! store_tests {
    ($fixture:ty) => {
        $crate::store_tests! { @list tests $fixture }
    };

    ($fixture:ty, ignore = $why:literal) => {
        $crate::store_tests! { @list tests $fixture, ignore = $why }
    };

    // The only list of the cases. `tests` and `functions` below make something of each.
    (@list $make:ident $($with:tt)*) => {
        $crate::store_tests! { @$make [$($with)*]
            access [
                the_sessions_of_a_user_are_listed_and_nobody_elses
                tokens_are_made_worthless_by_user_and_purpose
                a_key_counts_once_until_it_is_forgotten
            ]
            admin [
                users_are_found_by_number_address_and_part_of_the_email
                users_are_filtered_by_what_an_administrator_looks_for
                the_last_sign_in_outlasts_its_session
                votes_are_found_by_ticket_user_outcome_and_height
                added_tickets_stay_listed_with_their_outcome
                the_audit_log_is_paged_from_its_end
                acts_are_found_by_kind_and_by_whom_they_are_about
            ]
            audit [
                the_latest_entries_come_first_in_the_order_of_appending
            ]
            claims [
                a_ticket_is_claimed_once_and_free_when_it_is_released
                a_claimed_ticket_is_among_the_users_whatever_daemons_report
                all_claims_of_a_user_are_released_together
            ]
            cursors [
                each_daemon_has_its_own_place
            ]
            history [
                the_greatest_height_of_a_day_lasts
                tickets_are_counted_by_spans_of_blocks
                a_month_of_ten_thousand_tickets_is_counted_quickly
            ]
            hostile [
                any_text_comes_back_as_it_was
            ]
            invitations [
                an_invitation_is_used_as_often_as_it_may
                of_many_uses_at_once_no_more_succeed_than_there_are
                an_invitation_that_is_revoked_or_over_opens_nothing
                invitations_are_listed_latest_first
            ]
            leases [
                work_has_one_holder_until_its_time_is_over
                a_lease_from_a_clock_that_was_years_ahead_is_over
                a_lease_that_was_given_back_is_free_at_once
                a_holder_that_stood_still_does_nothing_under_a_lease_that_another_got_meanwhile
            ]
            low_fee [
                added_tickets_are_active_in_the_order_of_adding
                adding_an_active_ticket_again_changes_nothing
                a_removed_ticket_is_no_longer_active_and_can_be_added_again
                a_ticket_is_active_until_it_expires_or_ends
                a_ticket_that_the_ledger_knows_as_immature_or_live_is_active_however_late
                an_end_counts_once_it_is_deep_and_until_it_is_undone
                an_expired_ticket_can_be_added_again
            ]
            mail_failures [
                a_failure_is_kept_until_a_mail_arrives
                of_too_many_failures_the_oldest_are_forgotten
            ]
            money [
                times_and_the_vote_of_a_ticket_are_kept
                what_an_older_daemon_does_not_know_stays_known
                a_vote_that_moves_to_another_block_moves_its_time_and_transaction
                blocks_fill_in_what_is_lacking_and_change_nothing_else
                tickets_that_lack_facts_are_found_a_part_at_a_time
                the_money_of_a_user_is_that_of_all_own_tickets
                fees_are_added_up_by_day
            ]
            registration [
                indexes_are_given_from_one_up_and_stay
                many_reservations_at_once_get_different_indexes
                at_the_limit_the_pool_is_full
                a_gap_is_filled_first
                a_registration_is_found_with_the_user
                a_user_registers_once
                an_index_or_address_of_another_user_is_refused
                nobody_cannot_register
                a_change_leaves_the_registration_alone
                a_withheld_index_is_given_to_nobody_but_a_user_who_comes_back_with_it
                a_guessed_index_is_withheld_only_where_it_is_free_and_can_be_given_back
            ]
            reopening [
                a_restart_keeps_everything
                what_one_process_writes_another_reads
            ]
            rescans [
                a_wallet_owes_the_lowest_rescan_until_that_is_done
                what_is_owed_outlasts_the_process
            ]
            second_factor [
                a_factor_counts_from_its_confirmation_on
                no_code_counts_twice
                a_removed_factor_leaves_nothing
                a_secret_can_be_stored_in_another_form
            ]
            sessions [
                beyond_the_most_sessions_of_a_user_the_oldest_ends
                a_session_lasts_until_it_expires
                a_use_is_noted_to_the_minute
                the_end_of_a_session_is_moved_both_ways
                an_ended_session_is_gone
                all_sessions_of_a_user_end_but_one
                a_long_past_session_does_not_hinder_a_new_one
            ]
            ticket_mails [
                wishes_are_kept_by_user
                a_mail_is_noted_once_by_ticket_and_kind
                a_mail_that_is_not_done_comes_again_with_its_tries
                a_mail_that_a_wrong_clock_claimed_does_not_wait_for_its_date
                of_many_instances_one_gets_a_mail
                an_instance_that_stood_still_does_not_keep_a_mail_that_another_claimed_meanwhile
            ]
            tickets [
                a_report_is_found_as_it_was_told
                the_newest_report_counts_within_a_batch_and_after_it
                a_late_report_of_another_daemon_revives_nothing
                a_reorganisation_is_followed_by_the_word_of_the_daemon_that_told_the_end
                a_query_finds_by_user_state_and_ignorance_newest_first
                a_query_finds_by_beginning_and_end_in_the_order_asked_for
                counts_are_by_state_with_ignored_ones_apart
                a_total_that_is_known_is_not_counted
                coins_are_locked_until_their_ticket_ends
                addresses_that_are_no_users_are_lost_with_the_numbers_of_their_users
                tickets_with_keys_of_their_own_are_no_users_and_found_apart
                the_fee_of_a_ticket_with_a_key_of_its_own_is_lost_and_paid_again
                pages_of_ten_thousand_tickets_are_whole_and_quick
            ]
            tokens [
                a_token_works_once
                of_many_uses_at_once_one_succeeds
                a_token_for_something_else_is_refused_and_stays
                an_expired_token_is_refused
                a_token_brings_the_new_address_back
                a_user_can_have_several_tokens_and_nobody_has_one
            ]
            tries [
                tries_are_counted_by_all_processes_and_outlast_them
                tries_are_over_at_their_end_or_when_forgotten
                of_many_tries_at_once_no_more_count_than_may_be
                several_tries_count_together_or_not_at_all_and_can_be_taken_back
                tries_of_a_clock_that_was_years_ahead_are_over
            ]
            unverified [
                an_old_unverified_account_goes_and_its_number_stays
                whoever_used_an_account_keeps_it
            ]
            upkeep [
                a_store_that_works_can_be_written
                a_note_is_kept_until_the_next
            ]
            users [
                all_users_are_listed_by_number_a_page_at_a_time
                calls_that_are_abandoned_do_nothing_by_halves_and_block_nobody
                a_new_user_is_found_as_signed_up
                whoever_is_not_there_is_not_found
                an_email_address_is_one_users_whatever_its_case
                one_of_many_sign_ups_with_one_address_succeeds
                a_change_is_stored_and_nothing_else
                a_change_to_a_taken_address_or_of_nobody_is_refused
                a_freed_address_can_be_used_again
                changes_of_different_fields_at_one_moment_both_last
                two_different_changes_of_one_field_conflict
            ]
            votes [
                votes_are_found_latest_first
                a_vote_told_again_is_stored_once
                the_first_vote_that_was_cast_stays
            ]
            vsp [
                a_registered_ticket_is_found_as_it_was_kept
                a_ticket_and_a_fee_address_are_registered_once
                a_ticket_comes_with_its_records_or_not_at_all
                of_two_changes_of_one_revision_one_succeeds
                records_come_and_go_with_changes_of_their_ticket
                registered_tickets_are_found_by_their_state
                changes_of_keys_are_told_from_any_of_them_on
                registered_tickets_are_searched_and_counted
                confirmed_fees_are_added_up
                a_fee_key_gives_each_index_once
                a_sealed_secret_is_kept_once
                a_sealed_secret_is_replaced_by_who_knows_it
            ]
        }
    };

    (@tests $with:tt $($store:ident [$($case:ident)+])+) => {
        $(
            mod $store {
                #[allow(unused_imports)]
                use super::*;

                $crate::store_tests! { @cases $with $store $($case)+ }
            }
        )+
    };

    (@cases $with:tt $store:ident $($case:ident)+) => {
        $( $crate::store_tests! { @case $with $store $case } )+
    };

    (@case [$fixture:ty] $store:ident $case:ident) => {
        #[test]
        fn $case() {
            $crate::store_tests! { @body $fixture, $store $case }
        }
    };

    (@case [$fixture:ty, ignore = $why:literal] $store:ident $case:ident) => {
        #[test]
        #[ignore = $why]
        fn $case() {
            $crate::store_tests! { @body $fixture, $store $case }
        }
    };

    (@body $fixture:ty, $store:ident $case:ident) => {
        $crate::testkit::store_tests::run(async {
            let fixture = <$fixture as $crate::testkit::store_tests::Fixture>::empty().await;
            $crate::testkit::store_tests::$store::$case(&fixture).await;
        });
    };

    (@functions [] $($store:ident [$($case:ident)+])+) => {
        $(
            #[doc(hidden)]
            pub mod $store {
                $(
                    pub async fn $case(fixture: &impl super::Fixture) {
                        super::cases::$store::$case(fixture).await;
                    }
                )+
            }
        )+
    };
}

crate::store_tests! { @list functions }

/// Runs a case to its end, on two threads of its own.
#[doc(hidden)]
pub fn run(case: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(case);
}
