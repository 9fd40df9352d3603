"""Pure renderers: values in, text or JSON out. Nothing here fetches, and nothing here prints."""
