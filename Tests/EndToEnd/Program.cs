using InferMesh.Tests.EndToEnd;
using InferMesh.Tests.EndToEnd.Endurance;
using Microsoft.Testing.Platform.Builder;

// The tests, or one of the long runs: chaos [MINUTES], soak [MINUTES], overload [MINUTES], rolling.
if (args is ["chaos" or "soak" or "overload" or "rolling" or "agents", ..]) return await EnduranceCommand.RunAsync(args);
var builder = await TestApplication.CreateBuilderAsync(args);
builder.AddSelfRegisteredExtensions(args);
using var tests = await builder.BuildAsync();
return await tests.RunAsync();
