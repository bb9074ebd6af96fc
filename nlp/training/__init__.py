"""Training the models that read text. Needs the extra ``train``; reading itself does not."""
