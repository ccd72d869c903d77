package local

// Parameters are the values of the template's parameters on one machine.
func Parameters(e *Emulator, desk *Desk) map[string]string {
	return map[string]string{
		"Stage":            "development",
		"Architecture":     Architecture(),
		"LogRetentionDays": "1",
		"Clock":            "table",
		"SweepRate":        "rate(1 minute)", // as fast as schedules go: the emulator tells nobody that a run has ended
		"SiteUrl":          e.Site(),
		"SiteDomain":       Host,
		"CertificateArn":   "arn:" + Partition + ":acm:" + Region + ":" + Account + ":certificate/00000000-0000-0000-0000-000000000000",
		"OidcIssuer":       desk.Issuer,
		"OidcClient":       ClientID,
		"SmtpAddress":      desk.SMTP,
		"EndpointUrl":      e.Endpoint(),
		"EventLoopback":    "allowed",
		"MailFrom":         "jixu@jixu.localhost",
	}
}
