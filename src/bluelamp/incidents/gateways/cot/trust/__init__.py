"""Who a TAK device belongs to: the installation's own certificates, enrolment with a one-time token, revocation."""
