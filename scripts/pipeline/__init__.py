"""The workflow's machinery: configuration, plan, records, jobs, files."""
