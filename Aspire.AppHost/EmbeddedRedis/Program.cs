using Garnet;

// A Redis-compatible server for machines without redis-server: the arguments are Garnet's own (--port, --bind, --lua, ...).
using var server = new GarnetServer(args);
server.Start();
using var stop = new ManualResetEventSlim();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Set(); };
using var sigterm = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM, c => { c.Cancel = true; stop.Set(); });
stop.Wait();
