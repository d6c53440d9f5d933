//! What scripts may `require`, and what is there without.
