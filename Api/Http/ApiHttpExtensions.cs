using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Http;

internal static class ApiHttpExtensions
{
    // What a page of another origin may read beside the body.
    private static readonly string[] Readable = [HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter, "x-request-id", "x-infermesh-node", "x-infermesh-decision", "x-infermesh-model", "x-infermesh-endpoint"];

    /// <summary>JSON rules, and problem details for everything that goes wrong.</summary>
    public static void AddApiHttp(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddExceptionHandler<FailureHandler>();
        services.AddProblemDetails();
        services.AddCors();
    }

    public static void UseApiHttp(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<IOptions<HttpSettings>>().Value;
        app.UseTrustedProxies(settings);
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages(page => ProblemWriter.WriteAsync(page.HttpContext, StatusProblem.Of(page.HttpContext.Response.StatusCode)));
        app.UseFramingRules();
        app.UseHostRules(settings);
        app.UseCharsetRules();
        app.UseRouting();
        // Without origins no page of another site reads anything.
        if (settings.CorsOrigins.Count > 0) app.UseCors(cors => cors.WithOrigins([.. settings.CorsOrigins]).AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(Readable));
    }
}
