"""The dtypes that values are kept in here, and how many bytes one value takes in each."""

BYTES_PER_VALUE = {"float32": 4, "bfloat16": 2, "float16": 2}
