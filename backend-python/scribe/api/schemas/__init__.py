"""What travels over HTTP: pydantic models, one file per noun, made from domain values and into them."""
