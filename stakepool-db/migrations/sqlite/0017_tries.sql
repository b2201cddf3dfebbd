-- So that tries that are over are found without a look at all.
CREATE INDEX counted_tries_by_end ON counted_tries (ends);
