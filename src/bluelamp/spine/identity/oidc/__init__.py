"""Sign-in through OpenID Connect providers: forces bring their own."""
