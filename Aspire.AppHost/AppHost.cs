using InferMesh.AppHost.Local;
using InferMesh.AppHost.Tools;
using InferMesh.AppHost.Topology;
using Microsoft.Extensions.Configuration;

if (MeshArguments.AsksForHelp(args))
{
    Console.WriteLine(MeshSettings.Help());
    return 0;
}

var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
var (mesh, errors) = TopologyReader.Read(configuration, Directory.GetCurrentDirectory());
#if ASPIRE
// Other arguments (--publisher and the like) are Aspire's own.
if (mesh is { Mode: not RunMode.Local }) return await InferMesh.AppHost.Aspire.AspireRunner.RunAsync(mesh, args);
#else
if (mesh is { Mode: RunMode.Aspire }) errors = ["Mesh:Mode=aspire: this build has no Aspire in it; build with -p:UseAspire=true where its packages can be restored, or use Mesh:Mode=auto"];
#endif
errors = [.. MeshArguments.Check(args), .. errors];
if (mesh is null || errors.Count > 0)
{
    foreach (var error in errors) Console.Error.WriteLine(error);
    return 2;
}

using var signals = new StopSignals();
return await new LocalRunner(mesh, LocalHost.ThisMachine()).RunAsync(signals.Stop, signals.Hurry);
