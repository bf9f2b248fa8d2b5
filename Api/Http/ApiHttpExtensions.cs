using InferMesh.Api.Problems;

namespace InferMesh.Api.Http;

internal static class ApiHttpExtensions
{
    /// <summary>JSON rules, and problem details for everything that goes wrong.</summary>
    public static void AddApiHttp(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddExceptionHandler<FailureHandler>();
        services.AddProblemDetails();
    }

    public static void UseApiHttp(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(page => ProblemWriter.WriteAsync(page.HttpContext, StatusProblem.Of(page.HttpContext.Response.StatusCode)));
        app.UseFramingRules();
        app.UseRouting();
    }
}
