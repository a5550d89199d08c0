"""What went wrong: what an error body says, the exception that it becomes, and what its reader may try next."""
