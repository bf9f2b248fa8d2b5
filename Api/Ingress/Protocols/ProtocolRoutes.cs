using InferMesh.Api.Ingress.Tunnels;
using InferMesh.Api.Security.Access;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>Routes of the protocols beside OpenAI's and Anthropic's.</summary>
internal static class ProtocolRoutes
{
    private const string Model = "/v2/models/{model}";
    private const string ReadDescription = "One node of the model answers; the mesh only finds it.";
    private static readonly int[] ReadStatuses = [200, 400, 403, 404, 429, 502, 503, 504];

    public static IServiceCollection AddProtocols(this IServiceCollection services)
    {
        services.AddSingleton<TgiProtocol>();
        services.AddSingleton<KServeServer>();
        services.AddTunnels();
        return services;
    }

    public static void MapProtocols(this IEndpointRouteBuilder app)
    {
        app.MapTgi();
        app.MapKServe();
        app.MapTunnels();
    }

    private static void MapTgi(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("").WithTags("Data plane").Needs(Permission.Infer).WithMetadata(app.ServiceProvider.GetRequiredService<TgiProtocol>());
        const string Which = "The model is in the header x-infermesh-model or the query parameter 'model'; without either it is the only model that TGI serves. ";
        const string Example = """{"inputs":"Hello","parameters":{"max_new_tokens":16}}""";
        group.MapPost("/generate", Forward).Describe(typeof(TgiErrorBody), "TgiGenerate", "Forwards a request in the form of TGI's API", Which + IngressExtensions.ForwardDescription, IngressExtensions.ForwardStatuses).Takes<TgiBody>(Example);
        group.MapPost("/generate_stream", Forward).Describe(typeof(TgiErrorBody), "TgiGenerateStream", "Forwards a request in the form of TGI's API whose answer is a stream", Which + IngressExtensions.ForwardDescription, IngressExtensions.ForwardStatuses).Takes<TgiBody>(Example);
        group.MapGet("/info", Forward).Describe(typeof(TgiErrorBody), "TgiInfo", "What a TGI server says of itself and its model", Which + ReadDescription, ReadStatuses);
    }

    private static void MapKServe(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("").WithTags("Data plane").Needs(Permission.Infer).WithMetadata(KServeProtocol.Instance);
        // What the document lists as parts of the path are the parameters of the handlers; the protocol reads them.
        Delegate forward = (HttpContext context, CompletionHandler handler, string model) => handler.HandleAsync(context);
        Delegate forwardVersion = (HttpContext context, CompletionHandler handler, string model, string version) => handler.HandleAsync(context);
        foreach (var (at, suffix, handle) in new[] { (Model, "", forward), ($"{Model}/versions/{{version}}", "Version", forwardVersion) })
        {
            group.MapPost($"{at}/infer", handle).Post<InferBody>($"KServeInfer{suffix}", "Forwards an inference of the Open Inference Protocol", """{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1.5]}]}""");
            group.MapPost($"{at}/generate", handle).Post<TritonGenerateBody>($"KServeGenerate{suffix}", "Forwards a request in the form of Triton's generate extension", """{"text_input":"Hello","max_tokens":16}""");
            group.MapPost($"{at}/generate_stream", handle).Post<TritonGenerateBody>($"KServeGenerateStream{suffix}", "Forwards a request in the form of Triton's generate extension whose answer is a stream", """{"text_input":"Hello","max_tokens":16}""");
            group.MapGet(at, handle).Get($"KServeModel{suffix}", "Inputs and outputs of a model");
            group.MapGet($"{at}/ready", handle).Get($"KServeModelReady{suffix}", "Whether a model is ready");
            group.MapGet($"{at}/config", handle).Get($"KServeModelConfig{suffix}", "Configuration of a model, as Triton has it");
            group.MapGet($"{at}/stats", handle).Get($"KServeModelStats{suffix}", "Statistics of a model on one node, as Triton has them");
        }
        group.MapGet("/v2", (HttpContext context, KServeServer _) => KServeServer.DescribeAsync(context)).Describe(typeof(KServeErrorBody), "KServeServer", "Name and version of the mesh", "Answered by the mesh itself.", 200).AllowAnonymous();
        group.MapGet("/v2/health/live", (HttpContext context, KServeServer _) => KServeServer.LiveAsync(context)).Describe(typeof(KServeErrorBody), "KServeLive", "Whether the mesh runs", "Answered by the mesh itself.", 200).AllowAnonymous();
        group.MapGet("/v2/health/ready", (HttpContext context, KServeServer server) => server.ReadyAsync(context)).Describe(typeof(KServeErrorBody), "KServeReady", "Whether any model can be asked", "Answered by the mesh itself.", 200, 503).AllowAnonymous();
    }

    private static Task Forward(HttpContext context, CompletionHandler handler) => handler.HandleAsync(context);

    private static void Post<TBody>(this RouteHandlerBuilder route, string name, string summary, string example) =>
        route.Describe(typeof(KServeErrorBody), name, summary, IngressExtensions.ForwardDescription, IngressExtensions.ForwardStatuses).Takes<TBody>(example);

    private static void Get(this RouteHandlerBuilder route, string name, string summary) => route.Describe(typeof(KServeErrorBody), name, summary, ReadDescription, ReadStatuses);
}
