using InferMesh.Tests.EndToEnd;
using InferMesh.Tests.EndToEnd.Endurance;
using Microsoft.Testing.Platform.Builder;

// The tests, or one of the long runs: chaos [MINUTES], soak [MINUTES], overload [MINUTES], agents [MINUTES], consistency [MINUTES], rolling, coldstart, cli-scale, fuzz [CALLS [SEED [ONLY]]].
if (args is ["chaos" or "soak" or "overload" or "rolling" or "agents" or "coldstart" or "cli-scale" or "consistency" or "fuzz", ..]) return await EnduranceCommand.RunAsync(args);
var builder = await TestApplication.CreateBuilderAsync(args);
builder.AddSelfRegisteredExtensions(args);
using var tests = await builder.BuildAsync();
return await tests.RunAsync();
