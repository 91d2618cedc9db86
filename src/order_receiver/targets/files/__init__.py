"""Orders and answers as files, wherever the files are: what the adapters `folder` and `sftp` share."""
