"""The personal-data inventory: what lies where, who can see it, and the bundle an auditor keeps."""
