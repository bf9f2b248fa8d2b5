using InferMesh.Api.Calls;
using InferMesh.Api.Console;
using InferMesh.Api.Endpoints;
using InferMesh.Api.Grpc;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Hosting;
using InferMesh.Api.Http;
using InferMesh.Api.Ingress;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Options;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.ServiceDefaults;
using InferMesh.ServiceDefaults.Configuration;
using InferMesh.ServiceDefaults.Hosting;

return await MeshHost.RunAsync(args, () =>
{
    var builder = MeshHost.CreateBuilder(args, MeshRole.Api);
    builder.Configuration.AddAspireNames();
    builder.AddServiceDefaults();

    var settings = builder.AddApiSettings();
    builder.UseApiKestrel(settings.Http, settings.Tls);
    builder.AddMeshClient(settings.Cluster, settings.Tls);
    builder.Services.AddGrainCalls();
    builder.Services.AddMeshSecurity();
    builder.Services.AddApiHttp();
    builder.Services.AddApiEndpoints();
    builder.Services.AddApiDocument();
    builder.Services.AddGrpcPlanes();
    builder.Services.AddIngress(builder.Configuration);

    var app = builder.Build();
    app.UseApiHttp();
    app.UseMeshSecurity();
    app.UseUnreadableCalls();
    app.MapServiceDefaults().Needs(Permission.MetricsRead);
    app.MapApiV1();
    app.MapGrpcPlanes();
    app.MapIngress();
    app.MapApiDocument();
    app.MapConsole();
    app.LogWhenServing();
    return app;
});
