/// What crosses threads, under jcstress. Read [weft.WakeUpStress] for the question whether a
/// wake-up can be lost, [weft.InboxOrderStress] for what arrives and in which order,
/// [weft.InboxCloseStress] for the end, and [weft.DriverHandshakeStress] for the driver's side. The
/// package is the core's, so that its package-private types are seen.
package weft;
