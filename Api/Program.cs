using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints;
using InferMesh.Api.Grpc;
using InferMesh.Api.Hosting;
using InferMesh.Api.Http;
using InferMesh.Api.Ingress;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Options;
using InferMesh.Api.Security;
using InferMesh.ServiceDefaults;
using InferMesh.ServiceDefaults.Hosting;

return await MeshHost.RunAsync(() =>
{
    var builder = MeshHost.CreateBuilder(args);
    builder.Configuration.AddAspireNames();
    builder.AddServiceDefaults();

    var settings = builder.AddApiSettings();
    builder.UseApiKestrel(settings.Http);
    builder.AddMeshClient(settings.Cluster);
    builder.Services.AddGrainCalls();
    builder.Services.AddMeshSecurity();
    builder.Services.AddApiHttp();
    builder.Services.AddApiEndpoints();
    builder.Services.AddApiDocument();
    builder.Services.AddGrpcPlanes();
    builder.Services.AddIngress(builder.Configuration);

    var app = builder.Build();
    app.UseApiHttp();
    app.UseMutationGuard();
    app.MapServiceDefaults();
    app.MapApiV1();
    app.MapGrpcPlanes();
    app.MapIngress();
    app.MapApiDocument();
    app.LogWhenServing();
    return app;
});
