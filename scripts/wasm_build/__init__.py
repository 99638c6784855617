"""The steps of ``scripts/build_wasm.py``: fetch, choose a compiler, say what belongs together, compile."""
