using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Garnet;

// A Redis-compatible server for machines without redis-server: the arguments are Garnet's own (--port, --bind, --lua, ...).
using var server = new GarnetServer(args);
server.Start();

using var stop = new ManualResetEventSlim();
using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (int.TryParse(Environment.GetEnvironmentVariable("MESH_PARENT_PID"), NumberStyles.None, CultureInfo.InvariantCulture, out var parentPid)) StopWithParent(parentPid);
stop.Wait();
return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Set();
}

// A parent that is killed cannot stop its children: they have to notice.
async void StopWithParent(int pid)
{
    try
    {
        using var parent = Process.GetProcessById(pid);
        await parent.WaitForExitAsync();
    }
    catch (ArgumentException)
    {
        // Gone already.
    }

    stop.Set();
}
