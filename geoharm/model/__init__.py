"""The nouns that several rooms share: frozen, checked, without files, database or drawing."""
