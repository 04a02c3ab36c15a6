"""One outside technology a file: decoding, storage, clips on disk. They know no model."""
